import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { suggest } from '../../model/suggest.ts'
import type { Value } from '../../model/value.ts'
import type { Flags } from '../flags.ts'
import type { Project } from '../project.ts'
import { refuse } from '../refuse.ts'
import { wordsOf } from './kinds.ts'
import { keyOf, SETTING_NAMES, type SettingName, type Settings, settingOf, variableOf } from './settings.ts'

/** Where settings can be said. */
export interface Places {
  readonly flags: Flags
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly project: Project | undefined
}

/** Something said of a setting, and how to refuse it where it was said. */
interface Said {
  readonly words: readonly string[] | undefined
  /** The folder that relative paths start from. */
  readonly base: string
  readonly refuse: (expected: string) => never
}

/** What holds for each setting: a flag beats a variable, which beats the file, which beats what is usual. */
export function resolveSettings(places: Places): Settings {
  checkKeys(places.project)
  const values = SETTING_NAMES.map((name) => [name, resolveOne(name, places)] as const)
  const settings = Object.fromEntries(values) as unknown as Settings
  const alone = settings['tls-cert'] === undefined ? 'tls-key' : 'tls-cert'
  if ((settings['tls-cert'] === undefined) !== (settings['tls-key'] === undefined))
    refuse(`${alone} is said alone (${placeOf(alone, places)}).`, 'TLS needs both tls-cert and tls-key.')
  return settings
}

/** Where the value of a setting comes from: `--port`, `HOLDFAST_PORT`, `holdfast.yaml`, or `default`. */
export function placeOf(name: SettingName, { flags, env, project }: Places): string {
  if (flags.has(name)) return `--${name}`
  const variable = variableNames(name).find((one) => env[one])
  if (variable !== undefined) return variable
  return project !== undefined && Object.hasOwn(project.serve, keyOf(name)) ? 'holdfast.yaml' : 'default'
}

/** What holds for one setting. */
export const resolveSetting = <N extends SettingName>(name: N, places: Places): Settings[N] =>
  resolveOne(name, places) as Settings[N]

function resolveOne(name: SettingName, places: Places): unknown {
  const { read, expected, usual } = settingOf(name)
  const said = fromFlag(name, places) ?? fromVariable(name, places) ?? fromProject(name, places)
  if (said === undefined) return read(usual === '' ? [] : [usual], places.cwd)
  const value = said.words === undefined ? undefined : read(said.words, said.base)
  return value === undefined ? said.refuse(expected) : value
}

function fromFlag(name: SettingName, { flags, cwd }: Places): Said | undefined {
  if (!flags.has(name)) return undefined
  const texts = flags.texts(name)
  const words = settingOf(name).placeholder === undefined ? ['true'] : texts
  return { words, base: cwd, refuse: (expected) => refuse(`--${name}: ${shown(texts)} does not fit.`, expected) }
}

/** A variable that is empty says nothing: that is how compose files and units leave one out. */
function fromVariable(name: SettingName, { env, cwd }: Places): Said | undefined {
  const given = variableNames(name).filter((variable) => env[variable])
  if (given.length > 1) refuse(`${given.join(' and ')} are both set.`, 'Set one of them.')
  const [variable] = given
  if (variable === undefined) return undefined
  const value = env[variable]!
  if (variable === variableOf(name) || isPath(name)) {
    const wrong = (expected: string) => refuse(`${variable}: ${JSON.stringify(value)} does not fit.`, expected)
    return { words: [value], base: cwd, refuse: wrong }
  }
  // Never shown: somebody may have named the file of a secret.
  const wrong = (expected: string) => refuse(`${variable}: what stands in ${value} does not fit.`, expected)
  return { words: [readText(variable, resolve(cwd, value))], base: cwd, refuse: wrong }
}

const variableNames = (name: SettingName): readonly string[] => [variableOf(name), `${variableOf(name)}_FILE`]

/** Settings that name a file already: their `_FILE` variable means that file, not one that holds its name. */
const isPath = (name: SettingName): boolean => settingOf(name).placeholder === 'FILE'

/** The text of the file that a variable names, without the line end. */
export function readText(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse(`${variable}: ${file} cannot be read (${code}).`, 'Name a file that this user may read.')
  }
}

function fromProject(name: SettingName, { project }: Places): Said | undefined {
  const key = keyOf(name)
  if (project === undefined || !Object.hasOwn(project.serve, key)) return undefined
  const value: Value = project.serve[key]!
  const wrong = (expected: string) =>
    project.refuse(['serve', key], `serve.${key}: ${JSON.stringify(value)} does not fit\n${expected}`)
  const isList = Array.isArray(value) && settingOf(name).isMany !== true
  return { words: isList ? undefined : wordsOf(value), base: project.directory, refuse: wrong }
}

function checkKeys(project: Project | undefined): void {
  const known = SETTING_NAMES.map(keyOf)
  const unknown = Object.keys(project?.serve ?? {}).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const near = suggest(unknown, known)
  const hint = near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`
  project?.refuse(['serve', unknown], `unknown key ${JSON.stringify(unknown)}; ${hint}`)
}

const shown = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(' ')
