import { openConfig } from '../../src/index.ts'

/** Another process that has a namespace of a store: changes it as often as it is told to, from the number it is given on. */
const [store = '', namespace = ''] = process.argv.slice(2)
const config = await openConfig({ store, namespace, follow: false })
process.on('message', ({ from, count }: { readonly from: number; readonly count: number }) => void write(from, count))
process.on('disconnect', () => process.exit())
process.send!('ready')

async function write(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) await config.update('elsewhere', { n })
}
