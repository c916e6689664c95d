/** What a wallet has to do with securities: what it holds, issues, is offered, is owed. */
import type { Address } from '@solana/kit';
import {
    applicationsOf,
    collectivesOf,
    findSecurities,
    grantsOfApprover,
    grantsOfRecipient,
    membersOf,
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
import { isOpen, nameMemberships, type Membership } from './collectives';
import { readNames, type Named } from './names';

export type Holding = { security: At<Security>; position: At<Position> };
export type Holdings = {
    held: Holding[];
    issued: At<Security>[];
    proposed: At<Security>[];
    tickets: { security: At<Security>; ticket: At<Redemption> }[];
    grants: { security: At<Security>; grant: At<Grant> }[];
    toApprove: { security: At<Security>; grant: At<Grant> }[];
    /** Its own applications, and those to what it issued. */
    applications: Membership[];
    toAdmit: Membership[];
    names: ReadonlyMap<Address, Named>;
};

/** Open applications: those of the wallet, and those to what it issued. */
async function readApplications(wallet: Address, issued: readonly At<Security>[]) {
    const rules = (await collectivesOf(issued.map((security) => security.address))).flatMap((rule) => rule ?? []);
    const [own, received] = await Promise.all([
        applicationsOf(wallet),
        Promise.all(rules.map((rule) => membersOf(rule.address))),
    ]);
    const [applications, toAdmit] = await Promise.all([
        nameMemberships(own.filter(isOpen)),
        nameMemberships(received.flat().filter(isOpen)),
    ]);
    return { applications, toAdmit };
}

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
    const applications = await readApplications(wallet, issued);
    const joining = [...applications.applications, ...applications.toAdmit].map(({ upper }) => upper.security);
    const securities = [...found.values(), ...issued, ...proposed, ...joining];
    return {
        held: withSecurity(positions, 'position'),
        issued,
        proposed,
        tickets: withSecurity(tickets, 'ticket'),
        grants: withSecurity(grants, 'grant'),
        toApprove: withSecurity(toApprove.filter((grant) => grant.approved === 0 && grant.revoked === 0), 'grant'),
        ...applications,
        names: await readNames(securities.flatMap((security) => [security.mint, security.payoutMint])),
    };
}
