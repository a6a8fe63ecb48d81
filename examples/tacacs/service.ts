/**
 * A service that lives on its configuration: it reads values where it needs them and follows changes while it runs. Start it where
 * tacacs.conf is, and change something from another terminal: `holdfast set server.log_level=DEBUG --reason 'looking'`.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { openConfig } from 'holdfast'

interface Settings {
  readonly server: { readonly host: string; readonly port: number; readonly log_level: string; readonly motd?: string }
}

await using config = await openConfig<Settings>({ sources: ['tacacs.conf'], schema: 'tacacs.schema.json' })

// A read is a look-up in memory: ask each time, and the newest value is there.
const greeter = createServer((device) => device.end(`${config.get('server.motd') ?? 'welcome'}\n`))
const { host, port } = config.items('server')
greeter.listen(port, host)
await once(greeter, 'listening')
console.log(`listening on ${host}:${port}, configuration version ${config.version?.id}`)

config.on('change', ({ version, reason, changes, restartRequired }) => {
  console.log(`version ${version.id} by ${version.createdBy}: ${reason ?? 'no reason given'}`)
  for (const { section, key, oldValue, newValue } of changes)
    console.log(`  ${section}.${key}: ${oldValue} -> ${newValue}`)
  if (restartRequired.length > 0) console.log(`  takes effect after a restart: ${restartRequired.join(', ')}`)
})
config.on('source', ({ name, state, error }) => console.log(`source ${name} is ${state}${error ? `: ${error}` : ''}`))

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
greeter.close()
