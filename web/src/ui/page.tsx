import { useEffect, useRef, type ReactNode } from 'react';

/** False until the first page has been shown: a reader of the first page starts at its top, not at its heading. */
let shownBefore = false;

/** The heading of a page: it names the document, and after a change of page the keyboard and the reader start there. */
export function PageHeading({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Portcullis`;
    if (shownBefore && noFieldHasFocus()) heading.current?.focus();
    shownBefore = true;
  }, [title]);
  return (
    <header>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children !== undefined && <p className="lead">{children}</p>}
    </header>
  );
}

/** A page that puts the focus into its first field keeps it there. */
function noFieldHasFocus(): boolean {
  return !(document.activeElement instanceof HTMLInputElement);
}
