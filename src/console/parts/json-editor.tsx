import { json, jsonParseLinter } from '@codemirror/lang-json'
import { linter, lintGutter } from '@codemirror/lint'
import { EditorView } from '@codemirror/view'
import { minimalSetup } from 'codemirror'
import { type ReactNode, useEffect, useRef } from 'react'
import { common } from './codemirror.ts'

/** JSON as text, with its errors at their place. Tab leaves it, as everywhere on the page. */
export default function JsonEditor({
  text,
  change,
  label,
}: {
  readonly text: string
  readonly change: (text: string) => void
  readonly label: string
}): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const told = useRef(change)
  told.current = change
  const first = useRef(text)
  useEffect(() => {
    const view = new EditorView({
      parent: place.current!,
      doc: first.current,
      extensions: [
        common,
        minimalSetup,
        json(),
        lintGutter(),
        linter(jsonParseLinter()),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) told.current(update.state.doc.toString())
        }),
      ],
    })
    view.focus()
    return () => view.destroy()
  }, [label])
  return <div className="json-editor" ref={place} />
}
