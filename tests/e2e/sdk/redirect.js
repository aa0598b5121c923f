// SPDX-License-Identifier: Apache-2.0
//
// Preloaded where there are no user namespaces: requests for the names of JPush go to the simulator
// over plain HTTP; nothing else about them changes.
'use strict'
const http = require('http')
const https = require('https')

const base = new URL(process.env.SIM_URL)
const request = https.request
https.request = function (options, ...rest) {
  if (!/\.jpush\.cn$/.test(options.hostname || options.host || '')) {
    return request.call(https, options, ...rest)
  }
  const plain = { ...options, protocol: 'http:', host: base.hostname, hostname: base.hostname, port: base.port }
  delete plain.agent
  return http.request(plain, ...rest)
}
