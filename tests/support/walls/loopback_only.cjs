// Lets a client connect to this machine only, and to nothing by another name, and listen on its loopback only.
"use strict";
const net = require("node:net");
const dns = require("node:dns");

const HERE = /^(127(\.\d{1,3}){3}|::1|localhost)$/;
const LOOPBACK = "127.0.0.1";

function refuse(host) {
  process.stderr.write(`a client asked for ${host}, which is not this machine\n`);
  return new Error(`not on this machine: ${host}`);
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const options = typeof first === "object" && first !== null ? first : { port: first, host: second };
  if (options.path === undefined && !HERE.test(options.host ?? "localhost")) {
    process.nextTick(() => this.destroy(refuse(options.host)));
    return this;
  }
  return connect.apply(this, given);
};

const lookup = dns.lookup;
dns.lookup = function (host, ...rest) {
  if (!HERE.test(host)) {
    process.nextTick(() => rest.at(-1)(refuse(host)));
    return undefined;
  }
  return lookup.call(dns, host, ...rest);
};

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  const [first] = given;
  const done = given.filter((one) => typeof one === "function");
  if (typeof first === "object" && first !== null) {
    return listen.call(this, first.port === undefined ? first : { ...first, host: LOOPBACK }, ...done);
  }
  const isPath = typeof first === "string" && !/^\d+$/.test(first);
  return isPath ? listen.apply(this, given) : listen.call(this, { port: Number(first) || 0, host: LOOPBACK }, ...done);
};
