/** Views: tensors that lie in the memory of others. */
import type { Tensor } from '../expression.ts';

/** The tensor whose memory a view shows, over views of views; a tensor that is no view itself. */
export function viewed(tensor: Tensor): Tensor {
  return tensor.op.view ? viewed(tensor.inputs[0]) : tensor;
}
