/** Training: tables that are uploaded, trainings on them, and which of the runs are served. All need a key of `admin`. */

import { deleteReply, idParameter } from '../api/telling.ts';
import {
  catalogueReply,
  jobReply,
  jobRequest,
  jobsReply,
  modelNamesReply,
  readOptions,
  runsReply,
  serveRequest,
  uploadParameter,
  uploadQuery,
  uploadReply,
  uploadsReply,
} from '../api/training.ts';
import type { Scoring } from '../scoring/question.ts';
import { Refused } from '../service/errors-to-status.ts';
import type { Job } from '../training/job.ts';
import type { TrainingDesk } from '../training/training-desk.ts';
import { type Route, route } from './route.ts';

const common = { group: 'Training', access: 'admin' } as const;

/** @param open null where the server has no folder for runs: then every route says how it gets one */
export function trainingRoutes(open: TrainingDesk | null, scoring: Pick<Scoring, 'about'>): Route[] {
  const desk = (): TrainingDesk => {
    if (open !== null) return open;
    throw new Refused(
      409,
      'no-runs',
      'this server does not train: it has no folder for runs; start it with "deeptaste serve RUN --runs FOLDER"',
    );
  };
  const shown = (job: Job) => job.shown(desk().runs.isServed(job.name));
  const served = () => ({ models: scoring.about.map(({ name, version }) => ({ name, version })) });
  return [
    route({
      ...common,
      method: 'get',
      path: '/catalogue',
      name: 'catalogue',
      summary: 'The models that can be trained, with their options and settings as JSON Schema',
      reply: catalogueReply,
      handle: async () => {
        const { means } = desk();
        return { ...(await means.catalogue()), limits: { uploadBytes: means.mostUpload } };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/uploads',
      name: 'upload',
      summary: 'Takes a table as the body, and says what it holds; it is kept until it is removed, or the server ends',
      query: uploadQuery,
      stream: { most: open?.means.mostUpload ?? 0 },
      reply: uploadReply,
      handle: async ({ query, stream }) => {
        const { folder: _, ...upload } = await desk().uploads.add(query.name, stream);
        return upload;
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/uploads',
      name: 'uploads',
      summary: 'The tables that are kept',
      reply: uploadsReply,
      handle: () => ({ uploads: desk().uploads.all.map(({ id, name, bytes }) => ({ id, name, bytes })) }),
    }),
    route({
      ...common,
      method: 'put',
      path: '/uploads/{id}/reading',
      name: 'readUpload',
      summary: 'What a table holds when it is read otherwise: other roles of columns, another format',
      parameters: uploadParameter,
      body: readOptions,
      reply: uploadReply,
      handle: async ({ parameters, body }) => {
        const { uploads } = desk();
        const upload = uploads.get(parameters.id);
        const { id, name, bytes } = upload;
        return { id, name, bytes, ...(await uploads.look(upload, body)) };
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/uploads/{id}',
      name: 'deleteUpload',
      summary: 'Removes a table',
      parameters: uploadParameter,
      reply: deleteReply,
      handle: async ({ parameters }) => {
        await desk().uploads.remove(parameters.id);
        return { removed: 1 };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/jobs',
      name: 'train',
      summary: 'Trains a model on a table, in a process of its own, one after the other',
      body: jobRequest,
      reply: jobReply,
      handle: async ({ body }) => {
        const { jobs, uploads } = desk();
        return shown(await jobs.add(body, uploads));
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/jobs',
      name: 'jobs',
      summary: 'Trainings of this server since it started, the newest first',
      reply: jobsReply,
      handle: () => ({ jobs: desk().jobs.all.map(shown) }),
    }),
    route({
      ...common,
      method: 'get',
      path: '/jobs/{id}',
      name: 'job',
      summary: 'Where a training stands: stage, epochs with loss and validation metric, time left, result',
      parameters: idParameter,
      reply: jobReply,
      handle: ({ parameters }) => shown(desk().jobs.get(parameters.id)),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/jobs/{id}',
      name: 'deleteJob',
      summary: 'Cancels a training that waits or runs; forgets one that has ended, whose run stays',
      parameters: idParameter,
      reply: jobReply,
      handle: async ({ parameters }) => shown(await desk().jobs.remove(parameters.id)),
    }),
    route({
      ...common,
      method: 'get',
      path: '/runs',
      name: 'runs',
      summary: 'Recommenders in the folder of runs, the newest first',
      reply: runsReply,
      handle: async () => {
        const { runs } = desk();
        return {
          runs: (await runs.all()).map(({ name, manifest }) => ({
            name,
            model: manifest.model.name,
            created: manifest.created,
            data: manifest.data.name,
            served: runs.isServed(name),
          })),
        };
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/models',
      name: 'serveRun',
      summary: 'Serves a run of the folder, from now on and when the server starts again',
      body: serveRequest,
      reply: modelNamesReply,
      handle: async ({ body }) => {
        await desk().runs.add(body.run);
        return served();
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/models/{id}',
      name: 'unserveRun',
      summary: 'Serves a run no more; it stays in the folder',
      parameters: idParameter,
      reply: modelNamesReply,
      handle: async ({ parameters }) => {
        await desk().runs.remove(parameters.id);
        return served();
      },
    }),
  ];
}
