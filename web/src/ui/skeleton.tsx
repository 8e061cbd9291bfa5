/** What is being loaded, drawn as bones of its shape and told to screen readers in words. */
export function Skeleton({ label, rows }: { label: string; rows: number }) {
  return (
    <div className="card skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div className="bones" key={row} aria-hidden="true">
          <span className="bone bone-icon" />
          <span className="bone bone-title" />
          <span className="bone bone-text" />
        </div>
      ))}
    </div>
  );
}
