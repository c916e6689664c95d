/** Who can do what: the program, its upgrade authority, issuers, and this page. */
import { UPSIDE_PROGRAM_ADDRESS } from '../chain/addresses';
import { readUpgradeAuthority } from '../chain/network';
import { useQuery } from '../ui/hooks';
import { Card, Facts, Loaded, Notice, RegisteredExplained, Table } from '../ui/parts';
import { AddressText } from '../ui/text';

const WHO = [
    ['You, as a holder', 'move, claim, unregister and redeem what is yours', 'touch anybody else\u2019s'],
    [
        'An issuer',
        'grant with notice, stop what has not vested of a revocable grant, give up capacity, open vaults, approve holders (curated), hand over, speak',
        'lower what you are owed, take from a vault, freeze you, stop a claim, take back what has vested, raise the most that can exist',
    ],
    ['A stranger', 'pay in, deposit, claim for others to the accounts they chose, open positions by sending shares', 'choose where a claim pays'],
    ['The issuer of the payout mint', 'whatever that mint permits: for a dollar token, freeze an account', 'change what you are owed'],
    ['The issuer of an asset in a vault', 'pause, freeze or claw back that asset, as its card says', 'affect another asset'],
    ['The people who wrote the program', 'nothing: no fee, no configuration, no pause', 'administer it'],
] as const;

export default function Trust() {
    const query = useQuery('upgrade-authority', readUpgradeAuthority);
    return (
        <>
            <h1>Who can do what</h1>
            <Card title="The program">
                <Loaded query={query} what="who can change the program">
                    {({ by }) => (
                        <>
                            <Facts
                                items={[
                                    ['Program', <AddressText key="program" address={UPSIDE_PROGRAM_ADDRESS} whole />],
                                    ['Upgrade authority', by ? <AddressText key="by" address={by} whole /> : 'nobody, ever again'],
                                ]}
                            />
                            {by && (
                                <Notice tone="warning">
                                    <p>Until this key is given up, whoever holds it could change every rule on this page.</p>
                                </Notice>
                            )}
                        </>
                    )}
                </Loaded>
            </Card>
            <Card title="People">
                <Table
                    caption="Who can do what"
                    columns={[{ title: 'Who' }, { title: 'Can' }, { title: 'Cannot' }]}
                    rows={WHO}
                />
            </Card>
            <Card title="This page">
                <p>
                    It is a folder of static files. It asks the network server that you chose and nobody else, keeps its settings in this
                    browser, and never sees a key: your wallet shows and signs each transaction by itself.
                </p>
            </Card>
            <RegisteredExplained />
        </>
    );
}
