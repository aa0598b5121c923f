// SPDX-License-Identifier: Apache-2.0
//
// Every push, report and device call of the official SDK jpush-async, as its users write them; what
// the simulator did is read back through the SDK itself and from the simulator's record. Prints TAP.
// Needs SIM_URL (the record), SIM_KEY, SIM_SECRET; the SDK's own hosts must lead to the simulator.
'use strict'
const assert = require('assert')
const http = require('http')
const { JPush, JPushAsync } = require('jpush-async')

const key = process.env.SIM_KEY
const secret = process.env.SIM_SECRET
const li = '1a0aaaaaaaaaaaaaaa1'
const wang = '1a0aaaaaaaaaaaaaaa2'
const other = '1a0aaaaaaaaaaaaaaa3'

const client = JPushAsync.buildClient({ appKey: key, masterSecret: secret, isDebug: false })
const old = JPush.buildClient({ appKey: key, masterSecret: secret, isDebug: false })
// The calls of the callback client as promises.
const call = (name, ...args) =>
  new Promise((resolve, reject) =>
    old[name](...args, (err, res) => (err ? reject(err) : resolve(res))))

const to = (audience, text = 'Gate closes') =>
  client.push().setPlatform(JPushAsync.ALL).setAudience(audience)
    .setNotification(text, JPushAsync.android(text, 'Office', 1), JPushAsync.ios(text, 'happy', 1))
    .setOptions(7, 60)

function record () {
  return new Promise((resolve, reject) =>
    http.get(process.env.SIM_URL + '/sim/record?limit=10000', res => {
      let text = ''
      res.on('data', d => { text += d })
      res.on('end', () => resolve(JSON.parse(text).data))
    }).on('error', reject))
}

// Until f gives something true: at most ten seconds.
async function until (f) {
  for (const end = Date.now() + 10000; ;) {
    const got = await f()
    if (got) return got
    assert(Date.now() < end, 'it did not come in ten seconds')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function refused (promise, status, code) {
  const err = await promise.then(() => assert.fail('was not refused'), e => e)
  assert.strictEqual(Number(err.httpCode), status, String(err))
  const body = typeof err.response === 'string' ? JSON.parse(err.response) : err.response
  assert.strictEqual(body.error.code, code, String(err.response))
}

let sent
const cases = {
  'a push to an alias is accepted': async () => {
    sent = await to(JPushAsync.alias('li')).send()
    assert.match(sent.msg_id, /^\d{17}$/)
    assert.strictEqual(sent.sendno, '7')
  },
  'and reached the device of that person': async () => {
    await until(async () => (await record()).some(
      r => r.what === 'delivered' && r.user === 'li' && r.msg_id === sent.msg_id))
  },
  'a push to a registration id, by the callback client': async () => {
    const payload = old.push().setPlatform(JPush.ALL).setAudience(JPush.registration_id(wang))
      .setNotification('Hello', JPush.ios('Hello'), JPush.android('Hello'))
    const res = await new Promise((resolve, reject) =>
      payload.send((err, r) => (err ? reject(err) : resolve(r))))
    assert.match(res.msg_id, /^\d+$/)
  },
  'a push to nobody is 1011': () => refused(to(JPushAsync.alias('nobody')).send(), 400, 1011),
  'validate checks and sends nothing': async () => {
    const before = (await record()).filter(r => r.what === 'push').length
    const res = await client.validate(to(JPushAsync.alias('li')).toJSON())
    assert.match(res.msg_id, /^\d+$/)
    assert.strictEqual((await record()).filter(r => r.what === 'push').length, before)
  },
  'cids come from the pool': async () => {
    const res = await call('getCid', 3, 'push')
    assert.strictEqual(res.cidlist.length, 3)
    assert(res.cidlist.every(cid => cid.startsWith(key + '-')))
  },
  'a batch of single pushes by registration id': async () => {
    const one = target => ({ platform: 'all', target, notification: { alert: 'Batch' } })
    const res = await call('batchPushByRegid', [one(li), one('1a0ffffffffffffffff')])
    const rows = Object.values(res)
    assert.strictEqual(rows.length, 2)
    assert.strictEqual(rows.filter(r => r.msg_id && !r.error).length, 1)
    assert.strictEqual(rows.find(r => r.error).error.code, 1011)
  },
  'a batch of single pushes by alias': async () => {
    const res = await call('batchPushByAlias',
      [{ platform: 'all', target: 'wang', notification: { alert: 'Batch' } }])
    assert.strictEqual(Object.values(res).filter(r => r.msg_id).length, 1)
  },
  'a group push answers for each app of the group': async () => {
    const group = JPushAsync.buildClient({ appKey: key, masterSecret: secret, isDebug: false, isGroup: true })
    const res = await group.sendPush(to(JPushAsync.alias('li')).toJSON())
    assert.match(res[key].msg_id, /^\d+$/)
  },
  'received counts the device': async () => {
    const rows = await until(async () => {
      const r = await client.getReportReceiveds(sent.msg_id)
      return r[0] && r[0].android_received === 1 && r
    })
    assert.strictEqual(rows[0].msg_id, sent.msg_id)
    assert.strictEqual(rows[0].ios_apns_sent, null)
  },
  'received/detail counts the device': async () => {
    const rows = await client.getReportReceivedDetail(sent.msg_id)
    assert.strictEqual(rows[0].jpush_received, 1)
  },
  'status/message refuses an id as text, which is how this SDK sends one above 2^53': async () => {
    const { err } = await client.getReportStatusMessage(sent.msg_id, [li])
    assert(err)
    await refused(Promise.reject(err), 400, 3002)
  },
  'messages: the old statistics': async () => {
    const rows = await client.getReportMessages(sent.msg_id)
    assert.strictEqual(rows[0].android.received, 1)
    assert.deepStrictEqual(Object.keys(rows[0]).sort(), ['android', 'ios', 'msg_id', 'winphone'])
  },
  'messages/detail: the new statistics': async () => {
    const rows = await client.getReportMessagesDetail(sent.msg_id)
    assert.strictEqual(rows[0].details.notification.sub_android.jg_android.received, 1)
  },
  'users: how many there are': async () => {
    const res = await client.getReportUsers('DAY', '2026-11-22', 1)
    assert.strictEqual(res.items[0].android.online, 3)
    await refused(client.getReportUsers('DAY', '2026-11', 1), 400, 3004)
  },
  'a device says its tags and alias': async () => {
    assert.deepStrictEqual(await client.getDeviceTagAlias(li),
      { tags: null, alias: 'li', mobile: null })
    await refused(client.getDeviceTagAlias('nonsense'), 400, 7002)
  },
  'alias, tags and mobile of a device can be set': async () => {
    await client.updateDeviceTagAlias(other, 'newcomer', false, ['noc', 'night'], [])
    await client.setMobile(other, '13800138000')
    const device = await client.getDeviceTagAlias(other)
    assert.deepStrictEqual(device, { tags: ['noc', 'night'], alias: 'newcomer', mobile: '13800138000' })
  },
  'the alias leads to the device at once': async () => {
    const res = await to(JPushAsync.alias('newcomer')).send()
    await until(async () => (await record()).some(
      r => r.what === 'delivered' && r.registration_id === other && r.msg_id === res.msg_id))
    assert.deepStrictEqual(await client.getAliasDeviceList('newcomer'), { registration_ids: [other] })
    assert.deepStrictEqual(await client.getAliasDeviceList('newcomer', 'ios'), { registration_ids: [] })
  },
  'a tag is an audience': async () => {
    const res = await to(JPushAsync.tag('noc')).send()
    assert.match(res.msg_id, /^\d+$/)
    await refused(to(JPushAsync.tag_and('noc', 'day')).send(), 400, 1011)
  },
  'tags: list, ask, change, delete': async () => {
    assert.deepStrictEqual((await client.getTagList()).tags.sort(), ['night', 'noc'])
    assert.deepStrictEqual(await client.isDeviceInTag('noc', other), { result: true })
    assert.deepStrictEqual(await client.isDeviceInTag('noc', li), { result: false })
    await client.addRemoveDevicesFromTag('noc', [li], [other])
    assert.deepStrictEqual(await client.isDeviceInTag('noc', li), { result: true })
    assert.deepStrictEqual(await client.isDeviceInTag('noc', other), { result: false })
    await client.deleteTag('noc')
    assert.deepStrictEqual(await client.isDeviceInTag('noc', li), { result: false })
  },
  'a blank alias logs the device out, and a push to it is 1011': async () => {
    await client.updateDeviceTagAlias(other, '', false, [], [])
    assert.strictEqual((await client.getDeviceTagAlias(other)).alias, null)
    await refused(to(JPushAsync.alias('newcomer')).send(), 400, 1011)
  },
  'an alias can be deleted': async () => {
    await client.deleteAlias('wang')
    assert.deepStrictEqual(await client.getAliasDeviceList('wang'), { registration_ids: [] })
  },
  'device status says who is online': async () => {
    const { res } = await client.getDeviceStatus([li, 'sim-offline', '1a0ffffffffffffffff'])
    assert.deepStrictEqual(res,
      { [li]: { online: true }, 'sim-offline': { online: false }, '1a0ffffffffffffffff': null })
  },
  'a wrong secret is refused by each family in its own words': async () => {
    const thief = JPushAsync.buildClient({ appKey: key, masterSecret: 'x'.repeat(24), isDebug: false })
    await refused(thief.sendPush({}), 401, 1004)
    await refused(thief.getReportReceiveds('1'), 401, 3001)
    await refused(thief.getDeviceTagAlias(li), 401, 7004)
  }
}

async function main () {
  let n = 0
  console.log('1..' + Object.keys(cases).length)
  for (const [what, run] of Object.entries(cases)) {
    n++
    try {
      await run()
      console.log(`ok ${n} - ${what}`)
    } catch (e) {
      console.log(`not ok ${n} - ${what}`)
      console.log(`${e}\n${e.stack}`.replace(/^/gm, '# '))
      process.exitCode = 1
    }
  }
}
main()
