import { type SourceSpec, sourceName } from '../model/layer.ts'
import type { Source, SourceOptions } from './source.ts'

export { env, file, inline, parseSpec, printSpec, toSpec, url } from './spec.ts'

type Opened = Pick<Source, 'load' | 'watch'>

/** The source that `spec` describes. Nothing is read, and no code for its kind is loaded, before the first `load` or `watch`. */
export function openSource(spec: SourceSpec, options: SourceOptions): Source {
  let opened: Promise<Opened> | undefined
  const open = () => (opened ??= openers(spec, options))
  const source: Source = { spec, name: sourceName(spec), load: async (previous) => (await open()).load(previous) }
  return Object.freeze(
    spec.kind === 'file' || spec.kind === 'url' ? { ...source, watch: (onChange) => watch(open(), onChange) } : source,
  )
}

async function openers(spec: SourceSpec, options: SourceOptions): Promise<Opened> {
  switch (spec.kind) {
    case 'file': {
      const { openFile } = await import('./file.ts')
      return openFile(spec, options)
    }
    case 'env': {
      const { loadEnv } = await import('./env.ts')
      return { load: (previous) => loadEnv(spec, options, previous) }
    }
    case 'url': {
      const { openUrl } = await import('./url.ts')
      return openUrl(spec, options)
    }
    case 'inline': {
      const { loadInline } = await import('./inline.ts')
      return { load: (previous) => loadInline(spec, options, previous) }
    }
  }
}

/** A watch is asked for at once and begins when its code is there; stopped earlier, it never begins. */
function watch(opened: Promise<Opened>, onChange: () => void): () => Promise<void> {
  let isStopped = false
  const begun = opened.then((source) => (isStopped ? undefined : source.watch?.(() => isStopped || onChange())))
  return async () => {
    isStopped = true
    const stop = await begun
    await stop?.()
  }
}
