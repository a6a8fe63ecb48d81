// Ends with 0 where the server of this container is ready, else with 1: what HEALTHCHECK and probes of the kind `exec` run.
import http from 'node:http'
import https from 'node:https'

const { HOLDFAST_PORT, HOLDFAST_TLS_CERT, HOLDFAST_TLS_CERT_FILE } = process.env
const isSecure = Boolean(HOLDFAST_TLS_CERT || HOLDFAST_TLS_CERT_FILE)
const request = (isSecure ? https : http).get({
  host: '127.0.0.1',
  port: HOLDFAST_PORT || 7420,
  path: '/readyz',
  headers: { host: 'localhost' },
  timeout: 2000,
  // The certificate is for the name that others use, and nothing is sent that another on this machine may not see.
  rejectUnauthorized: false,
})
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
request.on('timeout', () => process.exit(1))
request.on('error', () => process.exit(1))
