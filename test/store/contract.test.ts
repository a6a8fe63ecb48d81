import { join } from 'node:path'
import { openThreaded } from '../../src/store/threaded.ts'
import { storeContract } from './contract.ts'
import { shelvesContract } from './shelves-contract.ts'
import { closedAfter, opened, temporaryFolder } from './temporary.ts'

const file = () => opened(join(temporaryFolder(), 'data', 'store.db'))
const threaded = (path = join(temporaryFolder(), 'data', 'store.db')) => closedAfter(openThreaded(path))
const memory = () => opened(':memory:')

storeContract('a SQLite file', file)
storeContract('memory', memory)
storeContract('a SQLite file on threads', threaded)
shelvesContract('a SQLite file', file, (store) => opened(store.name))
shelvesContract('memory', memory)
shelvesContract('a SQLite file on threads', threaded, (store) => threaded(store.name))
