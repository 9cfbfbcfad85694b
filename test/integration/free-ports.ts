import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/**
 * Ports that nobody has, all different. They are given back, for a program to take at each of its
 * starts; from below the range out of which the kernel gives ports to clients, who come and go.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

const LOWEST = 10_240;
/** `net.ipv4.ip_local_port_range` begins here. */
const HIGHEST = 32_768;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port === port;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
