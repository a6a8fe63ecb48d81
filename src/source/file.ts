import { resolve } from 'node:path'
import type { FormatName } from '../format/format.ts'
import { formatOf, loadFormat } from '../format/load.ts'
import type { FileSpec } from '../model/layer.ts'
import type { FileBytes } from './read.ts'
import { refuseSource } from './refuse.ts'
import type { Fingerprint, Loaded, Source, SourceOptions } from './source.ts'
import { type Place, type Stamp, stampOf, state } from './stamp.ts'

/** A file on this machine; a symbolic link is followed. */
export function openFile(spec: FileSpec, options: SourceOptions): Pick<Source, 'load' | 'watch'> {
  const place: Place = { shown: spec.path, path: resolve(options.directory, spec.path) }
  let seen: string | undefined
  return {
    load: async (previous) => {
      seen = await state(place.path)
      return load({ spec, place, options }, previous)
    },
    watch(onChange) {
      const watching = import('./watch.ts').then(({ watchFile }) => watchFile(place.path, onChange, seen))
      return async () => (await watching)()
    },
  }
}

interface Parts {
  readonly spec: FileSpec
  readonly place: Place
  readonly options: SourceOptions
}

/** Most loads find the file as it was: what reads and parses one comes only where it was not. */
async function load({ spec, place, options }: Parts, previous?: Fingerprint): Promise<Loaded | 'unchanged'> {
  const name = formatName(spec)
  const isSame = previous?.['format'] === name
  if (isSame && hasStamp(previous, await stampOf(place))) return 'unchanged'

  const [{ readRegular }, { sha256 }, { decodeText }] = await Promise.all([
    import('./read.ts'),
    import('./fingerprint.ts'),
    import('../format/decode.ts'),
  ])
  const read = await readRegular(place, options.limits)
  const digest = await sha256(read.bytes)
  // The same content is loaded once more when it has settled: its stamp then spares later looks the reading.
  if (isSame && previous['sha256'] === digest && !read.isSettled) return 'unchanged'

  const format = await loadFormat(name)
  const at = { file: spec.path, limits: options.limits }
  const { tree, positions } = format.parse(decodeText(read.bytes, at), at)
  return { tree, isText: format.isText, positions, fingerprint: fingerprint(name, digest, read) }
}

function formatName(spec: FileSpec): FormatName {
  const name = (spec.format as FormatName | undefined) ?? formatOf(spec.path)
  return (
    name ??
    refuseSource(spec.path, `its name does not tell its format; say it: { file: { path: ${spec.path}, format: ini } }`)
  )
}

const hasStamp = (previous: Fingerprint, stamp: Stamp): boolean =>
  Object.entries(stamp).every(([name, value]) => previous[name] === value)

/** The stamp is trusted later only where no write could have left the same one. */
const fingerprint = (format: FormatName, digest: string, { stamp, isSettled }: FileBytes): Fingerprint => ({
  format,
  sha256: digest,
  ...(isSettled ? stamp : {}),
})
