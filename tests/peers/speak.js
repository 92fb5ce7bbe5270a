// Seals and opens envelopes with other people's libraries: one JSON list of jobs in, one list of results out.
const wecom = require("@wecom/crypto");
const WechatCrypto = require("wechat-crypto");

const peers = {
  "@wecom/crypto": {
    seal: ({ key, id, text }) => wecom.encrypt(key, text, id),
    open: ({ key, sealed }) => wecom.decrypt(key, sealed),
    sign: ({ token, timestamp, nonce, sealed }) => wecom.getSignature(token, timestamp, nonce, sealed),
  },
  "wechat-crypto": { // refuses an empty id, so it only opens what an 智能机器人 says
    seal: ({ token, key, id, text }) => new WechatCrypto(token, key, id).encrypt(text),
    open: ({ token, key, id, sealed }) => new WechatCrypto(token, key, id || "-").decrypt(sealed),
    sign: ({ token, key, id, timestamp, nonce, sealed }) =>
      new WechatCrypto(token, key, id || "-").getSignature(timestamp, nonce, sealed),
  },
};

const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(jobs.map((job) => peers[job.peer][job.do](job))));
