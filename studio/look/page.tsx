/** Look: how good the served runs are, and what they do. */
export default function LookPage() {
  return <h1>Look</h1>;
}
