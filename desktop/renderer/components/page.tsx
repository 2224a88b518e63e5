import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useStore } from "../state/context.ts";

interface PageProps {
  readonly title: string;
  readonly lead?: string;
  readonly class?: string;
  /** Stands before the title: a link back, or a mark. */
  readonly before?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A screen. Its heading gets the focus when it opens, so a reader says it and Tab continues from there. */
export function Page({ title, lead, before, actions, children, ...rest }: PageProps): JSX.Element {
  const { router } = useStore();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Not when the window opens: the user has left no other screen.
    if (router.moved) heading.current?.focus();
  }, [router]);
  return (
    <div class={`page ${rest.class ?? ""}`}>
      <header class="page-head">
        {before}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions === undefined ? null : <div class="page-actions">{actions}</div>}
        {lead === undefined ? null : <p class="lead">{lead}</p>}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  readonly title: string;
  readonly lead?: string;
  readonly actions?: ComponentChildren;
  /** Whether to omit the padding, for tables. */
  readonly bare?: boolean;
  readonly children: ComponentChildren;
}

/** A section of a screen, with its heading. */
export function Card({ title, lead, actions, bare = false, children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {actions === undefined ? null : <div class="card-actions">{actions}</div>}
        {lead === undefined ? null : <p>{lead}</p>}
      </div>
      {bare ? children : <div class="card-body">{children}</div>}
    </section>
  );
}
