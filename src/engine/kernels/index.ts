/** Everything the runtime calls from outside. */
export { allowBlas, useBlas } from './blas';
export { waitForJob } from './control';
export { gemm } from './gemm';
export { packPanels } from './pack';
export { runJob } from './jobs';
export { runProgram } from './program';
export { philoxBlock, philoxValue, permute } from './random';
export { retrieveAlone } from './retrieval';
export { setBases, setBatch, setExamples, setPair, setTile } from './tile';
