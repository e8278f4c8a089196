@additional @customer-company/access
Feature: While a system refuses the credentials a customer and its company wait, and afterwards nothing is missing or doubled

  Background:
    Given a Customerp Customer linked with its Invoiced Customer

  @id:refused @req:73
  Scenario Outline: Credentials that are refused stop the sync, and nothing is lost: <case>
    When <system> refuses the credentials
    And phone is set to 5550200 in Customerp
    And the sync comes to rest
    Then the sync reports a stop on <system>
    And nothing else has changed on either side
    When <system> accepts the credentials again
    And the sync comes to rest
    Then phone in Invoiced is 5550200
    And there is 1 Customer in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both systems
      | case      | system    |
      | customerp | Customerp |
      | invoiced  | Invoiced  |

  @id:may-not-create @req:73
  Scenario: Credentials that may read and not create stop the sync at the first record, and nothing is lost
    Given 3 Customerp Customers
    When Invoiced refuses the credentials for every creation of a Customer
    And the sync comes to rest
    Then the sync reports a stop on Invoiced
    And the sync has written 1 time to Invoiced
    And there is 1 Customer in Invoiced
    When Invoiced accepts the credentials again
    And the sync comes to rest
    Then each of them has exactly one counterpart in Invoiced
    And there are 4 Customers in Invoiced
    And one more round writes nothing
