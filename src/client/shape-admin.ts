import type { AuditEntry, NewToken, Token } from '../model/access.ts'
import type { Backup, NamedBackup, NamespaceStats, Stats, VerifiedBackup, VerifyResult } from '../model/admin.ts'
import type { List } from '../model/config.ts'
import type { Schedule, ScheduleRun } from '../model/schedule.ts'
import { isTree } from '../model/value.ts'
import type { Delivery, NewWebhook, Webhook } from '../model/webhook.ts'
import { flag, grants, listOf, number, record, shape, text, textOrNull } from './shape.ts'

const namespace = record({ namespace: text, versions: number, history: number, overrides: number })
const token = record({ id: text, name: text, grants, state: text })
const webhook = record({
  id: text,
  name: text,
  url: text,
  namespaces: listOf(text),
  kinds: listOf(text),
  isEnabled: flag,
})
const delivery = record({ id: text, webhookId: text, kind: text, state: text, attempts: number })
const problem = record({ namespace: textOrNull, message: text })
const largest = record({ namespace: text, path: text, bytes: number })
const growth = record({ hour: number, day: number })
const growthOrNull: typeof growth = (value) => value === null || growth(value)
const auditEntry = record({ id: number, at: text, event: text, count: number })

export const isNamespaces = shape<readonly NamespaceStats[]>(listOf(namespace))
const verified = { ok: flag, versions: number, problems: listOf(problem), heads: isTree }
export const isVerifyResult = shape<VerifyResult>(record(verified))
export const isPurgeResult = shape<{ readonly history: number; readonly versions: number; readonly bytes: number }>(
  record({ history: number, versions: number, bytes: number }),
)
export const isStats = shape<Stats>(
  record({
    store: text,
    bytes: number,
    growth: growthOrNull,
    namespaces: listOf(namespace),
    largestKeys: listOf(largest),
  }),
)
export const isBackups = shape<readonly Backup[]>(listOf(record({ name: text, bytes: number, createdAt: text })))
export const isBackupReport = shape<NamedBackup>(
  record({ name: text, bytes: number, versions: number, history: number, heads: isTree }),
)
export const isVerifiedBackup = shape<VerifiedBackup>(
  record({ ...verified, name: text, bytes: number, history: number }),
)
export const isToken = shape<Token>(token)
export const isTokens = shape<readonly Token[]>(listOf(token))
export const isNewToken = shape<NewToken>(record({ token, text }))
export const isWebhook = shape<Webhook>(webhook)
export const isWebhooks = shape<readonly Webhook[]>(listOf(webhook))
export const isNewWebhook = shape<NewWebhook>(record({ webhook, secret: text }))
export const isDelivery = shape<Delivery>(delivery)
export const isDeliveries = shape<List<Delivery>>(record({ items: listOf(delivery), nextCursor: textOrNull }))
export const isSchedules = shape<readonly Schedule[]>(listOf(record({ name: text, task: text, cron: text })))
export const isScheduleRun = shape<ScheduleRun>(record({ startedAt: text, outcome: text, by: text }))
export const isAudit = shape<List<AuditEntry>>(record({ items: listOf(auditEntry), nextCursor: textOrNull }))
