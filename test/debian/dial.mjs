// node dial.mjs HOST PORT: what ssh says and hears goes by this, from the network that this was started in.
import { connect } from "node:net";

const [host, port] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
socket.on("close", () => process.exit(0));
