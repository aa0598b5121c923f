// SPDX-License-Identifier: Apache-2.0
//
// TLS for the three names of JPush: whatever comes in on port 443 goes to the simulator as it is.
'use strict'
const fs = require('fs')
const net = require('net')
const tls = require('tls')

const [, , certificate, port] = process.argv
const pem = fs.readFileSync(certificate)
tls.createServer({ cert: pem, key: pem }, client => {
  const server = net.connect(Number(port), '127.0.0.1')
  client.pipe(server).pipe(client)
  for (const s of [client, server]) s.on('error', () => { client.destroy(); server.destroy() })
}).listen(443, '127.0.0.1', () => console.log('ready'))
