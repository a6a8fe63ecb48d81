import { basename, extname } from 'node:path'
import type { Format, FormatName } from './format.ts'

const BY_EXTENSION: Readonly<Record<string, FormatName>> = {
  '.conf': 'ini',
  '.cfg': 'ini',
  '.ini': 'ini',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.toml': 'toml',
  '.json': 'json',
  '.jsonc': 'jsonc',
  '.json5': 'json5',
  '.env': 'env',
  '.properties': 'properties',
}

/** The format a file's name tells, `undefined` where it tells none. What starts with `.env` is `env`, whatever follows. */
export function formatOf(file: string): FormatName | undefined {
  const name = basename(file).toLowerCase()
  if (name.startsWith('.env')) return 'env'
  const extension = extname(name)
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined
}

const LOADERS: Readonly<Record<FormatName, () => Promise<Format>>> = {
  ini: async () => (await import('./ini.ts')).ini,
  yaml: async () => (await import('./yaml.ts')).yaml,
  toml: async () => (await import('./toml.ts')).toml,
  json: async () => (await import('./json.ts')).json,
  jsonc: async () => (await import('./json.ts')).jsonc,
  json5: async () => (await import('./json.ts')).json5,
  env: async () => (await import('./dotenv.ts')).dotenv,
  properties: async () => (await import('./properties.ts')).properties,
}

/** A format by name, loaded when it is first asked for: the YAML parser alone costs 20 ms at start-up. */
export const loadFormat = (name: FormatName): Promise<Format> => LOADERS[name]()
