/** Everything the runtime calls from outside. */
export { useBlas } from './blas';
export { gemm } from './gemm';
export { packPanels } from './pack';
export { runJob, waitForJob } from './jobs';
export { runProgram, setBases, setBatch, setExamples, setPair, setTile } from './program';
export { philoxBlock, philoxValue, permute } from './random';
export { retrieveAlone } from './retrieval';
