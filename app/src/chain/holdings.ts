/** What a wallet has to do with securities: what it holds, issues, is offered, is owed. */
import type { Address } from '@solana/kit';
import {
    findSecurities,
    grantsOfApprover,
    grantsOfRecipient,
    positionsOfHolder,
    securitiesOfIssuer,
    securitiesProposedTo,
    ticketsOfHolder,
    type At,
    type Grant,
    type Position,
    type Redemption,
    type Security,
} from './accounts';
import { readNames, type Named } from './names';

export type Holding = { security: At<Security>; position: At<Position> };
export type Holdings = {
    held: Holding[];
    issued: At<Security>[];
    proposed: At<Security>[];
    tickets: { security: At<Security>; ticket: At<Redemption> }[];
    grants: { security: At<Security>; grant: At<Grant> }[];
    toApprove: { security: At<Security>; grant: At<Grant> }[];
    names: ReadonlyMap<Address, Named>;
};

export async function readHoldings(wallet: Address): Promise<Holdings> {
    const [positions, issued, proposed, tickets, grants, toApprove] = await Promise.all([
        positionsOfHolder(wallet),
        securitiesOfIssuer(wallet),
        securitiesProposedTo(wallet),
        ticketsOfHolder(wallet),
        grantsOfRecipient(wallet),
        grantsOfApprover(wallet),
    ]);
    const related = [...positions, ...tickets, ...grants, ...toApprove];
    const addresses = [...new Set(related.map((account) => account.security))];
    const found = new Map((await findSecurities(addresses)).flatMap((security) => (security ? [[security.address, security]] : [])));
    const withSecurity = <T extends { security: Address }, K extends string>(accounts: readonly T[], name: K) =>
        accounts.flatMap((account) => {
            const security = found.get(account.security);
            return security ? [{ security, [name]: account } as { security: At<Security> } & Record<K, T>] : [];
        });
    const securities = [...found.values(), ...issued, ...proposed];
    return {
        held: withSecurity(positions, 'position'),
        issued,
        proposed,
        tickets: withSecurity(tickets, 'ticket'),
        grants: withSecurity(grants, 'grant'),
        toApprove: withSecurity(toApprove.filter((grant) => grant.approved === 0 && grant.revoked === 0), 'grant'),
        names: await readNames(securities.flatMap((security) => [security.mint, security.payoutMint])),
    };
}
