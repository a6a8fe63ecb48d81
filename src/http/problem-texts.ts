import type { ErrorCode } from '../model/errors.ts'

/** What each refusal means, and how to mend it, for its page. */
export const PROBLEM_TEXTS = {
  malformed:
    'The request itself makes no sense: an address, a member, a path or a version that is none. Nothing was changed. The detail says what was not understood; mend the request.',
  invalid:
    'The configuration that would result breaks its rules. Each issue names a path, the rule and what would be accepted. Nothing was changed.',
  conflict:
    'Something else was changed first: found is the current version, expected the one the change was made for. Nothing was changed. Look at what changed, then decide anew.',
  'not-found':
    'There is no such address, key, version, tag, namespace or token. The detail says what there is instead where that helps.',
  exists: 'What was to be made is there already. Nothing was changed.',
  forbidden: 'The token may not do this there. GET /api/v1/whoami lists what it may. The refusal is in the audit log.',
  'too-large': 'A limit was exceeded; limit names the option that sets it, allowed its value. Nothing was changed.',
  syntax: 'The text of a source does not parse; file, line and column say where. Its last good content stays in use.',
  source:
    'A source cannot be read: missing, refused, or not what its fingerprint says. Its last good content stays in use.',
  'sources-differ': 'The list of sources given is not the one the store has. Nothing was changed.',
  unavailable:
    'This cannot be answered now, and nothing was done. Ask again after the seconds that Retry-After says. Where a version was asked for that is not here yet, version is the newest that is.',
  unknown:
    'What was asked may or may not have been done: the store did not say. Repeat the request with the same Idempotency-Key after the seconds that Retry-After says: it is done once, however often it comes. Without a key, read the history before trying again.',
  fenced:
    'The work was being done by a node that does it no more: another one took it over. Nothing was changed. Ask again.',
  store: 'The store is damaged, foreign, or of a newer Holdfast. Nothing was changed. Its keeper runs holdfast verify.',
  key: 'A secret cannot be read or written, because the key of this store is not on the server. Its keeper gives HOLDFAST_KEY or HOLDFAST_KEY_FILE.',
  unsupported: 'What was asked cannot be expressed, such as a single value in a format that knows only lines of keys.',
  closed: 'The server is stopping. Ask again after the seconds that Retry-After says.',
  unauthenticated:
    'Nobody known asks: there is no token, or it is malformed, unknown, expired or revoked. Send Authorization: Bearer hf_….',
  'rate-limited':
    'There were too many requests of this token, or of this address without one. Ask again after the seconds that Retry-After says.',
  'key-reused':
    'This Idempotency-Key was used within 24 h for another request. Nothing was changed. Take a new key for a new request.',
  precondition:
    'If-Match names another state than the current one. Nothing was changed. Read the configuration again and look at what changed.',
  method: 'The address exists, but not with this method; Allow lists those it has.',
  'media-type': 'A body is application/json in UTF-8, without a coding.',
} as const satisfies Record<ErrorCode, string>
