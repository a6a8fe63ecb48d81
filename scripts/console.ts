import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** Files below it are sent as they are. */
const COMPRESSIBLE = 1024

/** Builds the console's pages into `dist/console`, and beside each of its files the compressed forms that browsers take. */
export async function buildConsole(root: string): Promise<void> {
  process.env['NODE_ENV'] = 'production' // or React would be the one for developing, twice as large
  const { build } = await import('vite')
  await build({ configFile: join(root, 'src/console/vite.config.ts'), mode: 'production', logLevel: 'warn' })
  await compressAll(join(root, 'dist/console/assets'))
}

/** Once here and thoroughly, instead of by each server for each request. */
async function compressAll(folder: string): Promise<void> {
  const names = await readdir(folder)
  await Promise.all(names.map((name) => compress(join(folder, name))))
}

const [toGzip, toBrotli] = [promisify(gzip), promisify(brotliCompress)]

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file)
  if (bytes.length <= COMPRESSIBLE) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  await writeFile(`${file}.gz`, await toGzip(bytes, { level: 9 }))
  await writeFile(`${file}.br`, await toBrotli(bytes, { params }))
}
