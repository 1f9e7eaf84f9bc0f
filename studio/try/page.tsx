/** Try: who gets what, and why. */
export default function TryPage() {
  return <h1>Try</h1>;
}
