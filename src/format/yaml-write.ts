import { Document, type ToStringOptions, visit } from 'yaml'
import type { Value } from '../model/value.ts'

/** Nothing folded, nothing shared, and nothing bare that YAML 1.1 would take for a boolean or a time. */
const STYLE = { version: '1.2', compat: 'yaml-1.1', aliasDuplicateObjects: false } as const

/** Bare they mean a merge and a default, to YAML 1.1 and so to most readers. */
const MEANING: ReadonlySet<unknown> = new Set(['<<', '='])

/** What is not printable to YAML, or a line's end to YAML 1.1: it stands in double quotes, as an escape. */
const ODD = /[\u007f-\u009f\u2028\u2029\ufeff]/

/** A value as YAML text. */
export function writeYaml(value: Value, options: ToStringOptions = {}): string {
  const document = new Document(value, STYLE)
  visit(document, {
    Scalar: (_, scalar) => {
      if (MEANING.has(scalar.value) || (typeof scalar.value === 'string' && ODD.test(scalar.value))) {
        scalar.type = 'QUOTE_DOUBLE'
      }
    },
  })
  return escapeOdd(document.toString({ lineWidth: 0, ...options }))
}

/** A text in double quotes on one line. */
export const quoteYaml = (value: string): string => escapeOdd(JSON.stringify(value))

const escapeOdd = (text: string): string =>
  ODD.test(text)
    ? text.replace(new RegExp(ODD, 'g'), (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text
