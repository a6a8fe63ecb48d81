import { SquareTerminal } from 'lucide-react'
import type { ReactNode } from 'react'
import { PATHS, type RouteName } from '../../wire/paths.ts'
import { type Asked, addressOf } from '../api/ask.ts'
import { Code } from './basics.tsx'

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** The line that asks the same of the API from a shell. */
export function curl(name: RouteName, asked: Pick<Asked, 'in' | 'query' | 'body'> = {}): string {
  const method = PATHS[name][0]
  const lines = [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(location.origin + addressOf(name, asked))}`,
    '  -H "Authorization: Bearer $HOLDFAST_TOKEN"',
    ...(asked.body === undefined
      ? []
      : ["  -H 'Content-Type: application/json'", `  -d ${quoted(JSON.stringify(asked.body))}`]),
  ]
  return lines.join(' \\\n')
}

/** The command that does the same. */
export function command(ns: string | undefined, ...words: readonly string[]): string {
  const place = ns === undefined ? [] : ['-n', ns]
  return ['holdfast', ...words.map(quoted), ...place, '--server', location.origin].join(' ')
}

/** What a page does, for a terminal. */
export function FromShell({ lines }: { readonly lines: readonly string[] }): ReactNode {
  return (
    <details className="from-shell">
      <summary>
        <SquareTerminal size={16} aria-hidden /> The same from a terminal
      </summary>
      <Code text={lines.join('\n\n')} what="the commands" />
    </details>
  )
}
