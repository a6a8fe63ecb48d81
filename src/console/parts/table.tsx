import type { ReactNode } from 'react'
import { Card } from './basics.tsx'

export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => ReactNode
  /** `number`: to the right; `acts`: what one can do with the row, without a head that is seen. */
  readonly kind?: 'number' | 'acts'
}

/** Rows to compare; where there is no room for columns each row is a block whose lines carry the heads. */
export function Table<T>({
  title,
  acts,
  footer,
  columns,
  rows,
  keyOf,
  isBusy = false,
}: {
  readonly title?: string
  readonly acts?: ReactNode
  readonly footer?: ReactNode
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly isBusy?: boolean
}): ReactNode {
  return (
    <Card isBare acts={acts} footer={footer} {...(title !== undefined && { title })}>
      <div className="scroll">
        <table className="table stacked" aria-busy={isBusy}>
          <thead>
            <tr>
              {columns.map(({ head, kind }) => (
                <th key={head} className={kind}>
                  {kind === 'acts' ? <span className="hidden">{head}</span> : head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                {columns.map(({ head, cell, kind }) => (
                  <td key={head} className={kind} data-head={kind === 'acts' ? undefined : head}>
                    <div className="cell">{cell(row)}</div>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}
