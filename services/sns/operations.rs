//! The operations that SNS has here; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::arn::{given, of_name};
use crate::{
    Sns, confirmation, permission, platform, publish, sms, subscription, subscription_attributes,
    tags, topic, topic_attributes,
};

operations! { Sns:
    AddPermission => permission::add_permission, is sync, resource given ["TopicArn"];
    CheckIfPhoneNumberIsOptedOut => sms::check_if_phone_number_is_opted_out, is sync;
    ConfirmSubscription => confirmation::confirm_subscription, is sync, resource given ["TopicArn"];
    CreatePlatformApplication => platform::create_platform_application, is sync;
    CreatePlatformEndpoint => platform::create_platform_endpoint, is sync;
    CreateSMSSandboxPhoneNumber => sms::create_sms_sandbox_phone_number, is sync;
    CreateTopic => topic::create_topic, is sync, resource of_name ["Name"];
    DeleteEndpoint => platform::delete_endpoint, is sync;
    DeletePlatformApplication => platform::delete_platform_application, is sync;
    DeleteSMSSandboxPhoneNumber => sms::delete_sms_sandbox_phone_number, is sync;
    DeleteTopic => topic::delete_topic, is sync, resource given ["TopicArn"];
    GetDataProtectionPolicy => topic_attributes::get_data_protection_policy, is sync, resource given ["ResourceArn"];
    GetEndpointAttributes => platform::get_endpoint_attributes, is sync;
    GetPlatformApplicationAttributes => platform::get_platform_application_attributes, is sync;
    GetSMSAttributes => sms::get_sms_attributes, is sync;
    GetSMSSandboxAccountStatus => sms::get_sms_sandbox_account_status, is sync;
    GetSubscriptionAttributes => subscription_attributes::get_subscription_attributes, is sync;
    GetTopicAttributes => topic_attributes::get_topic_attributes, is sync, resource given ["TopicArn"];
    ListEndpointsByPlatformApplication => platform::list_endpoints_by_platform_application, is sync;
    ListOriginationNumbers => sms::list_origination_numbers, is sync;
    ListPhoneNumbersOptedOut => sms::list_phone_numbers_opted_out, is sync;
    ListPlatformApplications => platform::list_platform_applications, is sync;
    ListSMSSandboxPhoneNumbers => sms::list_sms_sandbox_phone_numbers, is sync;
    ListSubscriptions => subscription::list_subscriptions, is sync;
    ListSubscriptionsByTopic => subscription::list_subscriptions_by_topic, is sync, resource given ["TopicArn"];
    ListTagsForResource => tags::list_tags_for_resource, is sync, resource given ["ResourceArn"];
    ListTopics => topic::list_topics, is sync;
    OptInPhoneNumber => sms::opt_in_phone_number, is sync;
    Publish => publish::publish, resource given ["TopicArn", "TargetArn"];
    PublishBatch => publish::publish_batch, action "Publish", resource given ["TopicArn"];
    PutDataProtectionPolicy => topic_attributes::put_data_protection_policy, is sync, resource given ["ResourceArn"];
    RemovePermission => permission::remove_permission, is sync, resource given ["TopicArn"];
    SetEndpointAttributes => platform::set_endpoint_attributes, is sync;
    SetPlatformApplicationAttributes => platform::set_platform_application_attributes, is sync;
    SetSMSAttributes => sms::set_sms_attributes, is sync;
    SetSubscriptionAttributes => subscription_attributes::set_subscription_attributes, is sync;
    SetTopicAttributes => topic_attributes::set_topic_attributes, is sync, resource given ["TopicArn"];
    Subscribe => subscription::subscribe, is sync, resource given ["TopicArn"];
    TagResource => tags::tag_resource, is sync, resource given ["ResourceArn"];
    Unsubscribe => subscription::unsubscribe, is sync;
    UntagResource => tags::untag_resource, is sync, resource given ["ResourceArn"];
    VerifySMSSandboxPhoneNumber => sms::verify_sms_sandbox_phone_number, is sync;
}
