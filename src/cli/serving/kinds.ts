import { resolve } from 'node:path'
import { durationOf } from '../../model/duration.ts'
import { isTree, type Value } from '../../model/value.ts'

/** How the values of one kind of setting are written, in flags, variables and the file alike. */
export interface Kind<T> {
  /** What stands for the value in help; a switch has none. */
  readonly placeholder?: string
  readonly isMany?: boolean
  readonly choices?: readonly string[]
  /** How to write one, for a refusal. */
  readonly expected: string
  /** The value of what was said; `undefined` where it is none. `base` is the folder of relative paths. */
  read(said: readonly string[], base: string): T | undefined
}

export const text = (placeholder: string): Kind<string> => ({
  placeholder,
  expected: 'Write a text that is not empty.',
  read: ([said = '']) => (said === '' ? undefined : said),
})

export const path = (placeholder: string): Kind<string> => ({
  placeholder,
  expected: 'Write the path of a file or folder.',
  read: ([said = ''], base) => (said === '' || said.includes('\n') ? undefined : resolve(base, said)),
})

export const integer = (placeholder: string, least: number, most: number): Kind<number> => ({
  placeholder,
  expected: `Write a whole number from ${least} to ${most}.`,
  read: ([said = '']) => within(/^\d{1,15}$/.test(said) ? Number(said) : undefined, least, most),
})

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

export const size = (least: number, most: number): Kind<number> => ({
  placeholder: 'SIZE',
  expected: `Write bytes from ${least} to ${most}, as a number or as in 512KiB and 4MiB.`,
  read([said = '']) {
    const [, amount, unit = 'B'] = /^(\d{1,15}) ?(B|KiB|MiB|GiB)?$/.exec(said) ?? []
    return within(amount === undefined ? undefined : Number(amount) * UNITS[unit]!, least, most)
  },
})

/** Milliseconds. */
export const duration = (least: string, most: string): Kind<number> => ({
  placeholder: 'TIME',
  expected: `Write a number and its unit, from ${least} to ${most}, as in 15s or 2min.`,
  read: ([said = '']) => within(durationOf(said), durationOf(least)!, durationOf(most)!),
})

export const toggle: Kind<boolean> = {
  expected: 'Write true or false.',
  read: ([said = '']) =>
    /^(?:true|1|yes|on)$/i.test(said) ? true : /^(?:false|0|no|off)$/i.test(said) ? false : undefined,
}

export const choice = <const T extends string>(choices: readonly T[]): Kind<T> => ({
  placeholder: 'NAME',
  choices,
  expected: `Choose from ${choices.join(', ')}.`,
  read: ([said]) => choices.find((one) => one === said),
})

/** Several texts: a flag is repeated, a variable or a flag may hold several with commas or spaces between. */
export const list = (placeholder: string): Kind<readonly string[]> => ({
  placeholder,
  isMany: true,
  expected: 'Write one or more, with commas between.',
  read: (said) => said.flatMap((one) => one.split(/[\s,]+/)).filter((one) => one !== ''),
})

/** A value of the file as the words that a flag would have; `undefined` for what no flag could say. */
export function wordsOf(value: Value): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string') ? value : undefined
  return value === null || isTree(value) ? undefined : [String(value)]
}

const within = (value: number | undefined, least: number, most: number): number | undefined =>
  value === undefined || value < least || value > most ? undefined : value
