/** Which cluster a server belongs to, by its genesis hash, and what may be used there. */
import { UPSIDE_PROGRAM_ADDRESS } from './addresses';

export type Cluster = 'mainnet' | 'testnet' | 'devnet' | 'private';

const PUBLIC: Readonly<Record<string, Cluster>> = {
    '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d': 'mainnet',
    '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY': 'testnet',
    EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG: 'devnet',
};

/** Its keypair is published: anyone can deploy anything at this address. */
const LOCALNET_PROGRAM = '8o4pxvgqdvVmKLdNQR8AK5FdfdMd9JAbfEvKATnTDAmC';

export const clusterOf = (genesis: string): Cluster => PUBLIC[genesis] ?? 'private';

/** Whether the program of this build may be used on a cluster. */
export const isProgramSafeOn = (cluster: Cluster): boolean =>
    cluster === 'private' || (UPSIDE_PROGRAM_ADDRESS as string) !== LOCALNET_PROGRAM;

export const CLUSTER_NAMES: Readonly<Record<Cluster, string>> = {
    mainnet: 'Mainnet',
    testnet: 'Testnet',
    devnet: 'Devnet',
    private: 'a private network',
};

/** The name that Wallet Standard has for a cluster. */
export const chainOf = (cluster: Cluster) =>
    (cluster === 'private' ? 'solana:localnet' : `solana:${cluster}`) as `solana:${string}`;

/** A page about a transaction or an address; none for a private network, which no explorer can reach. */
export function explorerLink(cluster: Cluster, kind: 'tx' | 'address', id: string): string | null {
    if (cluster === 'private') return null;
    return `https://explorer.solana.com/${kind}/${id}${cluster === 'mainnet' ? '' : `?cluster=${cluster}`}`;
}
