import { BASE, configContract, SCHEMA } from '../contract/config-contract.ts'
import { folder, open, STORE, ticking, write } from './helpers.ts'

for (const store of [STORE, ':memory:']) {
  configContract(store === STORE ? 'a Config on a file' : 'a Config in memory', async () => {
    const directory = folder()
    const sources = [write(directory, 'base.ini', BASE)]
    const config = await open(directory, { store, sources, schema: SCHEMA, follow: false, now: ticking() })
    return { config, writeBase: (text) => void write(directory, 'base.ini', text) }
  })
}
