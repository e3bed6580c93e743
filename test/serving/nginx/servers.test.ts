import { describe, expect, test } from "vitest";
import { addressOf, readServers } from "../../../src/serving/nginx/servers.ts";

describe("nginx's servers", () => {
  test("are found with their names and addresses, whatever else is in the file", () => {
    const text = `
      # server { server_name no.example; }
      upstream app { server 127.0.0.1:9; }
      map $a $b { default "}"; server_name x; }
      server { listen 80 default_server; server_name _; location / { server_name inner.example; } }
      server {
        server_name a.example
          *.a.example; # and so on
        listen 127.0.0.1:8080; listen [::]:443 ssl;
        add_header X 'it; { is';
      }
      server { server_name "b.example"; }`;
    expect(readServers(text)).toEqual([
      { addresses: ["*:80"], names: ["_"] },
      { addresses: ["127.0.0.1:8080", "[::]:443"], names: ["a.example", "*.a.example"] },
      { addresses: ["*:80"], names: ["b.example"] },
    ]);
  });

  test.each([
    ["80", "*:80"],
    ["0.0.0.0:80", "*:80"],
    ["*:81", "*:81"],
    ["127.0.0.1", "127.0.0.1:80"],
    ["[::1]", "[::1]:80"],
    ["[::]:8080", "[::]:8080"],
    ["localhost:8080", "localhost:8080"],
  ])("%s is the address %s", (written, address) => {
    expect(addressOf(written)).toBe(address);
  });
});
