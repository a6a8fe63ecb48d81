import { openConfig } from '../../src/index.ts'

/** Writes to a store until `changes` are made or it is killed, `atOnce` together, and acknowledges each on standard output: `id chainHash`. */
const [directory = '', store = '', name = '', changes = '0', atOnce = '1'] = process.argv.slice(2)
const config = await openConfig({ directory, store, actor: name, environment: {}, follow: false })
const write = async (value: number): Promise<void> => {
  const { version } = await config.change({ set: { [name]: { [`k${value % 7}`]: `${process.pid}:${value}` } } })
  await new Promise((written) => process.stdout.write(`${version?.id} ${version?.chainHash}\n`, written))
}
for (let made = 0; made < Number(changes); made += Number(atOnce))
  await Promise.all(Array.from({ length: Number(atOnce) }, (_, i) => write(made + i)))
await config.close()
