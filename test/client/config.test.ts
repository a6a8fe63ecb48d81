import { configContract } from '../contract/config-contract.ts'
import { served } from './served.ts'

configContract('a Config over HTTP', async () => {
  const server = await served()
  return {
    config: await server.as('alice'),
    writeBase: (text) => server.writeBase(text),
    as: (actor, sourceIp) => server.as(actor, sourceIp),
  }
})
