/** Settings of PostgreSQL by name. */
export type Settings = Readonly<Record<string, string | number | boolean>>

/**
 * What tests need. A killed process loses nothing that it wrote, synced or not: only a power cut would, which is not among the things these
 * tests do.
 */
export const DEFAULTS: Settings = {
  fsync: false,
  shared_buffers: '16MB',
  dynamic_shared_memory_type: 'mmap',
  max_wal_size: '128MB',
  wal_keep_size: '64MB',
  log_line_prefix: '%m [%p] %a ',
}

/** The text of a configuration file. */
export function printSettings(settings: Settings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`)
  return `${lines.join('\n')}\n`
}
