import { join } from 'node:path'
import { storeContract } from './contract.ts'
import { opened, temporaryFolder } from './temporary.ts'

storeContract('a SQLite file', () => opened(join(temporaryFolder(), 'data', 'store.db')))
storeContract('memory', () => opened(':memory:'))
