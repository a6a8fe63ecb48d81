import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChangeResult, type Config, type OpenOptions, openConfig } from '../../src/index.ts'
import { type Sections, toIni } from './sample.ts'

export const BASE = 'config/base.ini'
export const STORE = 'data/store.db'

/** A Holdfast configuration over `sections` as a base file in `folder`, as a service opens it: followed, each part in a folder of its own. */
export function openSample(folder: string, sections: Sections, options: Partial<OpenOptions> = {}): Promise<Config> {
  mkdirSync(join(folder, 'config'), { recursive: true })
  writeFileSync(join(folder, BASE), toIni(sections))
  return openConfig({ directory: folder, sources: [BASE], store: STORE, actor: 'operator', ...options })
}

/** The printed paths of all keys. */
export const pathsOf = (sections: Sections): readonly string[] =>
  Object.entries(sections).flatMap(([name, keys]) => Object.keys(keys).map((key) => `${name}.${key}`))

/** Changes one key of a configuration, another one each time, to a value it did not have. */
export function changer(config: Config, sections: Sections): () => Promise<ChangeResult> {
  const names = Object.keys(sections)
  let n = 0
  return () => {
    const name = names[n % names.length]!
    n++
    return config.update(name, { port: 10_000 + n }, { reason: 'load test', sourceIp: '192.0.2.7' })
  }
}
