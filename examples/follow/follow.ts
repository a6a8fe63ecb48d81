/**
 * A service that reads its configuration from `holdfast serve` and sees each change as it happens. While the server is
 * away it goes on with what it has, also from the start. HOLDFAST_SERVER and HOLDFAST_TOKEN say where and as whom.
 */
import { once } from 'node:events'
import { connect } from 'holdfast/client'

const { HOLDFAST_SERVER: url = 'http://127.0.0.1:7420', HOLDFAST_TOKEN: token = '' } = process.env
await using config = await connect({ url, token, cacheFile: 'last-good.json' })

// A read is a look-up in memory: ask each time, and the newest value is there.
console.log(`log_level is ${config.get('server.log_level')}`)

config.on('change', ({ version, changes }) => {
  const keys = changes.map(({ section, key }) => `${section}.${key}`)
  console.log(`version ${version.id} by ${version.createdBy}: ${keys.join(', ')}`)
  console.log(`log_level is ${config.get('server.log_level')}`)
})

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
