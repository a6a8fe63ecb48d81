import { join } from 'node:path'
import { storeContract } from './contract.ts'
import { shelvesContract } from './shelves-contract.ts'
import { opened, temporaryFolder } from './temporary.ts'

const file = () => opened(join(temporaryFolder(), 'data', 'store.db'))
const memory = () => opened(':memory:')

storeContract('a SQLite file', file)
storeContract('memory', memory)
shelvesContract('a SQLite file', file, (store) => opened(store.name))
shelvesContract('memory', memory)
