/** The library: all that the command line does. */
export { randomSearch } from './automl/random-search.ts';
export type { SearchRanges } from './automl/search-ranges.ts';
export { studyPlot } from './automl/study-plot.ts';
export { type TpeOptions, tpe } from './automl/tpe.ts';
export type { Trial } from './automl/trial.ts';
export { shownValue, type TuneResult } from './automl/tune.ts';
export { type SearchedModel, type TuneRequest, tuneModels } from './automl/tune-models.ts';
export { worthIt } from './automl/verdict.ts';
export { DeepTasteError, type ErrorCode } from './core/errors.ts';
export { type Progress, type ProgressTask, silent } from './core/progress.ts';
export { RandomStream } from './core/random.ts';
export { version } from './core/version.ts';
export type { DataOptions } from './data/data-options.ts';
export type { Dataset, Interactions, Split } from './data/dataset.ts';
export { type EncodedRow, FeatureEncoder } from './data/features/feature-encoder.ts';
export type { FeatureOptions } from './data/features/feature-options.ts';
export type { FieldExamples } from './data/features/field-examples.ts';
export type { EncodedField, FieldLayout, FieldOwner, FieldRows } from './data/features/field-rows.ts';
export { type FittedPipeline, fitFeatures } from './data/features/fit-features.ts';
export { parseFeatures } from './data/features/parse-features.ts';
export { loadDataset } from './data/load.ts';
export { loadSequenceSplit, loadSequences, splitSequences, splitWithCandidates } from './data/sequences/load.ts';
export { loadPrefixFiles } from './data/sequences/prefix-files.ts';
export type { SequenceData, SequenceSplit } from './data/sequences/sequence-data.ts';
export type { PrefixCases, Sequences } from './data/sequences/sequences.ts';
export { simulateFilmClub } from './data/simulated/film-club.ts';
export { bestPossible, optimalScores } from './data/simulated/optimal-scores.ts';
export { loadSplit, splitDataset } from './data/splits/split-dataset.ts';
export type { SplitOptions } from './data/splits/split-options.ts';
export { Engine, type EngineOptions } from './engine/runtime/engine.ts';
export { type Comparison, compareResults } from './evaluation/comparison.ts';
export type { EvaluationResult } from './evaluation/evaluation-result.ts';
export { renderComparison, renderLeaderboard } from './evaluation/leaderboard.ts';
export { evaluateRows, type RowEvaluation, type RowTask } from './evaluation/row-evaluation.ts';
export type { SlicedComparison } from './evaluation/slice-comparison.ts';
export { slicePlot } from './evaluation/slice-plot.ts';
export { renderSlices } from './evaluation/slice-table.ts';
export type { AnyModel, Model } from './examples/model.ts';
export { findModel, models } from './models/index.ts';
export type { Bandit, BanditKind, BanditSizes } from './policy/bandits/bandit.ts';
export { banditNamed, bandits, type ChosenBandit } from './policy/bandits/index.ts';
export { type EvaluatePoliciesOptions, evaluatePolicies, type PolicyEvaluation } from './policy/evaluate-policies.ts';
export { renderPolicies } from './policy/evaluation-table.ts';
export { type Contender, contender, learners } from './policy/learners/index.ts';
export type { Learner, LearnerKind, Opening, Outcomes, Situations } from './policy/learners/learner.ts';
export type { Decisions } from './policy/log/decisions.ts';
export { type GivenDecisions, makeDecisions } from './policy/log/make-decisions.ts';
export { type LogOptions, readDecisions } from './policy/log/read-log.ts';
export { type Replayed, replayBandit } from './policy/replay-bandit.ts';
export { meanRewards } from './policy/rewards/mean-rewards.ts';
export { type ModelRewardsOptions, modelRewards } from './policy/rewards/model-rewards.ts';
export type { FittedRewards, RewardModel } from './policy/rewards/reward-model.ts';
export { type SimulateOptions, type Simulation, simulate } from './policy/simulate.ts';
export { simulationPlot } from './policy/simulation-plot.ts';
export { renderSimulation } from './policy/simulation-table.ts';
export { type SupportReport, supportReport } from './policy/support/support-report.ts';
export { runPolicy } from './policy/targets/run-policy.ts';
export { columnPolicy, columnsPolicy, constantPolicy, uniformPolicy } from './policy/targets/simple-policies.ts';
export { tablePolicy } from './policy/targets/table-policy.ts';
export { fullPolicy, type TargetPolicy } from './policy/targets/target-policy.ts';
export {
  type SyntheticOptions,
  type SyntheticRounds,
  type SyntheticWorld,
  syntheticLog,
  syntheticRounds,
  syntheticWorld,
  trueValue,
} from './policy/worlds/synthetic-bandit.ts';
export { openSyntheticWorld } from './policy/worlds/synthetic-world.ts';
export type { Outcome, Place, Visit, World } from './policy/worlds/world.ts';
export type { Answer, Recommendation } from './recommender/answer.ts';
export type { EmbeddingOwner, Embeddings } from './recommender/embeddings.ts';
export type { Explanation } from './recommender/explain-row.ts';
export type { FoundReport } from './recommender/found-report.ts';
export type { RowPrediction } from './recommender/named-rows.ts';
export type { OpenSession } from './recommender/open-session.ts';
export type { ListedItem, UserList } from './recommender/recommend-all.ts';
export { Recommender } from './recommender/recommender.ts';
export type { RecommendAllOptions, RecommendOptions, Request, SessionOptions } from './recommender/request.ts';
export type { SimilarItems, SimilarUsers } from './recommender/similar.ts';
export type { AttackOutcome } from './robustness/attack-outcome.ts';
export { attackPlot } from './robustness/attack-plot.ts';
export { renderAttacks } from './robustness/attack-table.ts';
export type { Attack, AttackOrder, ChosenAttack, Goal, Oracle } from './robustness/attacks/attack.ts';
export { carryOut } from './robustness/attacks/attack.ts';
export { attackNamed, attacks } from './robustness/attacks/index.ts';
export { type Audit, type AuditOptions, audit } from './robustness/audit/audit.ts';
export { auditMarkdown, auditText } from './robustness/audit/audit-page.ts';
export { type Budget, drawBudget, type FakePeople, type ProfileLength } from './robustness/budget.ts';
export { type FeatureColumn, featureTable } from './robustness/detection/feature-table.ts';
export { type ProfileLabels, readProfileLabels } from './robustness/detection/labels.ts';
export { profilesOf } from './robustness/detection/profiles.ts';
export { type SupervisedOptions, supervisedScores } from './robustness/detection/supervised.ts';
export { addFakes, addFakesToSplit, type FakeProfile, type FakeTiming } from './robustness/fake-profiles.ts';
export { type AttackStudy, measureAttacks } from './robustness/measure-attacks.ts';
export type { MeasureOptions } from './robustness/seeded-attacks.ts';
export type { Targets } from './robustness/targets.ts';
export { type AnyRunSettings, parseAnyRunSettings } from './runs/any-settings.ts';
export { averageOverSeeds, type SeedSpread, spreadOverSeeds } from './runs/average-seeds.ts';
export { compareModels } from './runs/compare.ts';
export { readExperiment } from './runs/experiment-file.ts';
export { negativePlot } from './runs/negative-plot.ts';
export { studyNegatives } from './runs/negative-study.ts';
export type { NegativeStudy } from './runs/negative-study-schema.ts';
export { renderNegatives } from './runs/negative-table.ts';
export {
  type FieldRun,
  type RatingRun,
  type SequenceRun,
  type TrainedRun,
  trainFieldRecommender,
  trainRatingRecommender,
  trainRecommender,
  trainSequenceRecommender,
} from './runs/train-recommender.ts';
export type { RunningSequences, SequenceScorer } from './scoring/sequence-scorer.ts';
export { evaluateSequences } from './tasks/evaluate-next-items.ts';
export { evaluateScorer } from './tasks/evaluate-ranking.ts';
export {
  parseSequenceRunSettings,
  type SequenceRunInput,
  type SequenceRunSettings,
} from './tasks/next-item-settings.ts';
export { type FieldData, fieldDataOf, prepareFieldData } from './tasks/prepare-fields.ts';
export { prepareSequenceSplit } from './tasks/prepare-sequences.ts';
export { prepareSplit } from './tasks/prepare-split.ts';
export { parseRunSettings, type RunInput, type RunSettings } from './tasks/ranking-settings.ts';
export { type FieldRunInput, type FieldRunSettings, parseFieldRunSettings } from './tasks/row-settings.ts';
