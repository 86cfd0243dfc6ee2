//! The operations that SNS has here; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::arn::{given, of_name};
use crate::{
    Sns, confirmation, permission, platform, publish, sms, subscription, subscription_attributes,
    tags, topic, topic_attributes,
};

operations! { Sns:
    AddPermission => permission::add_permission, resource given ["TopicArn"];
    CheckIfPhoneNumberIsOptedOut => sms::check_if_phone_number_is_opted_out;
    ConfirmSubscription => confirmation::confirm_subscription, resource given ["TopicArn"];
    CreatePlatformApplication => platform::create_platform_application;
    CreatePlatformEndpoint => platform::create_platform_endpoint;
    CreateSMSSandboxPhoneNumber => sms::create_sms_sandbox_phone_number;
    CreateTopic => topic::create_topic, resource of_name ["Name"];
    DeleteEndpoint => platform::delete_endpoint;
    DeletePlatformApplication => platform::delete_platform_application;
    DeleteSMSSandboxPhoneNumber => sms::delete_sms_sandbox_phone_number;
    DeleteTopic => topic::delete_topic, resource given ["TopicArn"];
    GetDataProtectionPolicy => topic_attributes::get_data_protection_policy, resource given ["ResourceArn"];
    GetEndpointAttributes => platform::get_endpoint_attributes;
    GetPlatformApplicationAttributes => platform::get_platform_application_attributes;
    GetSMSAttributes => sms::get_sms_attributes;
    GetSMSSandboxAccountStatus => sms::get_sms_sandbox_account_status;
    GetSubscriptionAttributes => subscription_attributes::get_subscription_attributes;
    GetTopicAttributes => topic_attributes::get_topic_attributes, resource given ["TopicArn"];
    ListEndpointsByPlatformApplication => platform::list_endpoints_by_platform_application;
    ListOriginationNumbers => sms::list_origination_numbers;
    ListPhoneNumbersOptedOut => sms::list_phone_numbers_opted_out;
    ListPlatformApplications => platform::list_platform_applications;
    ListSMSSandboxPhoneNumbers => sms::list_sms_sandbox_phone_numbers;
    ListSubscriptions => subscription::list_subscriptions;
    ListSubscriptionsByTopic => subscription::list_subscriptions_by_topic, resource given ["TopicArn"];
    ListTagsForResource => tags::list_tags_for_resource, resource given ["ResourceArn"];
    ListTopics => topic::list_topics;
    OptInPhoneNumber => sms::opt_in_phone_number;
    Publish => publish::publish, resource given ["TopicArn", "TargetArn"];
    PublishBatch => publish::publish_batch, action "Publish", resource given ["TopicArn"];
    PutDataProtectionPolicy => topic_attributes::put_data_protection_policy, resource given ["ResourceArn"];
    RemovePermission => permission::remove_permission, resource given ["TopicArn"];
    SetEndpointAttributes => platform::set_endpoint_attributes;
    SetPlatformApplicationAttributes => platform::set_platform_application_attributes;
    SetSMSAttributes => sms::set_sms_attributes;
    SetSubscriptionAttributes => subscription_attributes::set_subscription_attributes;
    SetTopicAttributes => topic_attributes::set_topic_attributes, resource given ["TopicArn"];
    Subscribe => subscription::subscribe, resource given ["TopicArn"];
    TagResource => tags::tag_resource, resource given ["ResourceArn"];
    Unsubscribe => subscription::unsubscribe;
    UntagResource => tags::untag_resource, resource given ["ResourceArn"];
    VerifySMSSandboxPhoneNumber => sms::verify_sms_sandbox_phone_number;
}
