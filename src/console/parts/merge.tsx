import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { type ReactNode, useEffect, useRef } from 'react'
import { common } from './codemirror.ts'

/** Two texts and what differs, side by side or in one; what is equal is folded. */
export default function Merge({
  before,
  after,
  isInline,
}: {
  readonly before: string
  readonly after: string
  readonly isInline: boolean
}): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const parent = place.current!
    const reading = (name: string): Extension => [
      common,
      lineNumbers(),
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ 'aria-label': name }),
    ]
    const collapseUnchanged = { margin: 3, minSize: 6 }
    const view = isInline
      ? new EditorView({
          parent,
          doc: after,
          extensions: [
            reading('Both versions'),
            unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged }),
          ],
        })
      : new MergeView({
          parent,
          a: { doc: before, extensions: reading('Before') },
          b: { doc: after, extensions: reading('After') },
          collapseUnchanged,
        })
    return () => view.destroy()
  }, [before, after, isInline])
  return <div className="merge" ref={place} />
}
