import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'

/** More than these are shown when somebody asks for them. */
const mostAtFirst = 12

interface FoldProps {
  readonly title: string
  /** What is in it. */
  readonly count: number
  readonly children: ComponentChildren
}

/** A part of the page that can be folded away; a long one is, at first. */
export function Fold({ title, count, children }: FoldProps): JSX.Element {
  const [chosen, choose] = useState<boolean>()
  const isOpen = chosen ?? (title === 'Training' || count <= mostAtFirst)
  return (
    <section aria-label={title}>
      <h2>
        <button type="button" class="fold" aria-expanded={isOpen} onClick={() => choose(!isOpen)}>
          {title} <span class="count">{count}</span>
        </button>
      </h2>
      {isOpen && children}
    </section>
  )
}
