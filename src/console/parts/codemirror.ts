import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''

/** What every editor has: the look of the page, and the nonce by which its style sheets are let in (CSP). */
export const common: Extension = [
  EditorView.cspNonce.of(nonce),
  EditorView.lineWrapping,
  EditorView.theme({
    '&': { fontSize: '13px', backgroundColor: 'var(--surface)', color: 'var(--text)' },
    '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)' },
    '.cm-gutters': { backgroundColor: 'var(--n1)', color: 'var(--text-faint)', border: '0' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
    '&.cm-focused': { outline: '2px solid var(--accent)' },
    '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
      backgroundColor: 'var(--accent-soft) !important',
    },
    '.cm-changedLine, &.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--accent-soft) !important' },
    '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--red-soft) !important' },
    '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '""' },
    '.cm-collapsedLines': { background: 'var(--n2)', color: 'var(--text-soft)' },
    '.cm-tooltip': { background: 'var(--raised)', border: '1px solid var(--edge)', color: 'var(--text)' },
  }),
]
