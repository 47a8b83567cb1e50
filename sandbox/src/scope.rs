//! The scopes of access tokens.

/// A scope of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    InteractionsRead,
    MediaRead,
    VoiceRead,
    AgentVoiceStream,
    InteractionView,
    FlowSimulatorRun,
    FlowSimulatorRead,
    FlowRead,
    DialerCampaignsWrite,
    DialerSimulationsWrite,
    DialerSimulationsRead,
    DialerMetricsRead,
    MediaManage,
    AnalyticsWrite,
}

impl Scope {
    /// Returns the scope's name in token requests.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InteractionsRead => "interactions:read",
            Self::MediaRead => "media:read",
            Self::VoiceRead => "voice:read",
            Self::AgentVoiceStream => "agent:voice:stream",
            Self::InteractionView => "interaction:view",
            Self::FlowSimulatorRun => "flow:simulator:run",
            Self::FlowSimulatorRead => "flow:simulator:read",
            Self::FlowRead => "flow:read",
            Self::DialerCampaignsWrite => "dialer:campaigns:write",
            Self::DialerSimulationsWrite => "dialer:simulations:write",
            Self::DialerSimulationsRead => "dialer:simulations:read",
            Self::DialerMetricsRead => "dialer:metrics:read",
            Self::MediaManage => "media:manage",
            Self::AnalyticsWrite => "analytics:write",
        }
    }
}
