/** Fields of the records that `plan/updates.ts` writes. */

// @ts-ignore: decorator
@inline
export function word(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
export function real(record: usize, index: i32): f32 {
  return load<f32>(record + (<usize>index << 2));
}
