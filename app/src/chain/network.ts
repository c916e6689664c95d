/** What the network is, and whether the program is there. */
import { getAddressDecoder, getU32Decoder, type Address } from '@solana/kit';
import { programDataOf, UPGRADEABLE_LOADER, UPSIDE_PROGRAM_ADDRESS } from './addresses';
import { clusterOf, type Cluster } from './cluster';
import { rpc } from './connection';
import { readAccount } from './reads';

export type Network = { genesis: string; cluster: Cluster; program: 'missing' | 'present' };

export async function readNetwork(): Promise<Network> {
    const [genesis, program] = await Promise.all([rpc.getGenesisHash().send(), readAccount(UPSIDE_PROGRAM_ADDRESS)]);
    return { genesis, cluster: clusterOf(genesis), program: program?.executable ? 'present' : 'missing' };
}

export type Upgrades = { by: Address | null };

/** Who could replace the program's code; null once nobody can. */
export async function readUpgradeAuthority(): Promise<Upgrades> {
    const program = await readAccount(UPSIDE_PROGRAM_ADDRESS);
    if (!program?.executable) throw new Error('The Upside program is not on this network.');
    // The other loaders that still run programs have no authority.
    if (program.owner !== UPGRADEABLE_LOADER) return { by: null };
    const code = await readAccount(await programDataOf(UPSIDE_PROGRAM_ADDRESS));
    if (!code || getU32Decoder().decode(code.data) !== 3) throw new Error('The program\u2019s code cannot be read.');
    return { by: code.data[12] === 1 ? getAddressDecoder().decode(code.data, 13) : null };
}
